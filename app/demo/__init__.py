"""Example organisations with a year of history, made by the domain's own rules. Knows no GraphQL.

`users` names who can log in; `load` fills a database. Everything else invents: `places`, `names`,
`work` and `catalogue` are the words, `company` founds an organisation, `plots` decides how tickets
will go, `life` lives them through, `desk` makes each change and `journal` keeps rows and log.
"""
