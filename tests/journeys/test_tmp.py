import json
from tests.journeys.stage import *
from tests.serving import token
async def test_probe(stage: Stage) -> None:
    d = await stage.enter("dispatcher"); t = await ticket_for(d)
    b = d.token
    deep = {"status": ["NEW"]}
    for _ in range(300): deep = {"and": [deep]}
    cases = [
     ("query($v:String!){ticket(ticketNumber:$v){id}}", {"v":"\u0000"}),
     ("query($v:[String!]!){tickets(filter:{tags:$v}){totalCount}}", {"v":["a\u0000"]}),
     ("query($v:TicketFilter!){tickets(filter:$v){totalCount}}", {"v":deep}),
     ("query($v:DateTime!){tickets(filter:{createdAt:{gt:$v}}){totalCount}}", {"v":"0001-01-01T00:00:00+10:00"}),
     ("query($v:DateTime!){tickets(filter:{createdAt:{gt:$v}}){totalCount}}", {"v":"9999-12-31T23:59:59Z"}),
     ("query($v:Int!){tickets(filter:{escalationCount:{eq:$v}}){totalCount}}", {"v":2147483648}),
     ("query($v:Int!){tickets(filter:{escalationCount:{eq:$v}}){totalCount}}", {"v":2147483647}),
     ("query($v:Int!){assignments(filter:{tier:{eq:$v}}){totalCount}}", {"v":2147483647}),
     ("query($v:[ID!]!){tickets(filter:{assigneeId:{in:$v}}){totalCount}}", {"v":[stage.technician("ann")]*101}),
     ("query($v:[ID!]!){technicians(filter:{ids:$v}){totalCount}}", {"v":[stage.technician("ann")]*101}),
     ("query($v:[ID!]!){technicians(filter:{skillIds:$v}){totalCount}}", {"v":[]}),
     ("query($v:TicketFilter!){tickets(filter:$v){totalCount}}", {"v":{"or":[]}}),
     ("query($v:TicketFilter!){tickets(filter:$v){totalCount}}", {"v":{"status":[]}}),
     ("query($v:[ID!]!){nodes(ids:$v){id}}", {"v":["x"]}),
     ("query($v:ID!){node(id:$v){id}}", {"v":"\u0000"}),
     ("query($v:ID!){node(id:$v){id}}", {"v":"é"}),
     ("query($v:EventCursor!){events(after:$v){hasMore}}", {"v":"é"*77}),
     ("query($v:String!){tickets(after:$v){totalCount}}", {"v":"é"}),
     ("query($v:String!){tickets(after:$v){totalCount}}", {"v":""}),
     ("query($v:EventCursor!){events(after:$v, first:0){hasMore}}", {"v":"x"}),
     ("mutation($v:AssignTicketInput!){assignTicket(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"technicianId":stage.technician("ann"),"tierLevel":99999}}),
     ("mutation($v:AssignTicketInput!){assignTicket(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"technicianId":stage.technician("ann"),"expectedVersion":-5}}),
     ("mutation($v:AssignTicketInput!){assignTicket(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":"x","technicianId":stage.technician("ann")}}),
     ("mutation($v:AssignTicketInput!){assignTicket(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"technicianId":t}}),
     ("mutation($v:AssignTicketInput!){assignTicket(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"technicianId":stage.technician("ann"),"idempotencyKey":""}}),
     ("mutation($v:AssignTicketInput!){assignTicket(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"technicianId":stage.technician("ann"),"idempotencyKey":"\u0000"}}),
     ("mutation($v:AddCommentInput!){addComment(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"body":"a\u0000b"}}),
     ("mutation($v:AddCommentInput!){addComment(input:$v){errors{... on UserError{code message field}}}}", {"v":{"ticketId":t,"body":"x"*20001}}),
     ("query($v:[TicketOrder!]){tickets(orderBy:$v){totalCount}}", {"v":[{"field":"PRIORITY"},{"field":"PRIORITY"}]}),
     ("{ticket{id}}", None),
     ("{tickets(first:1,last:1){totalCount}}", None),
     ("{tickets(first:-1){totalCount}}", None),
     ("{tickets(first:101){totalCount}}", None),
     ("query($v:Int){tickets(first:$v){totalCount}}", {"v":"ten"}),
     ("query($v:Int){tickets(first:$v){totalCount}}", {}),
     ("query($v:Int!){tickets(first:$v){totalCount}}", {}),
     ("query($v:Int!){tickets(first:$v){totalCount}}", {"v":None}),
     ("query($v:TicketFilter){tickets(filter:$v){totalCount}}", {"v":{"nope":1}}),
     ("query($v:TicketFilter){tickets(filter:$v){totalCount}}", {"v":{"priority":["P9"]}}),
     ("query($v:TicketFilter){tickets(filter:$v){totalCount}}", {"v":{"createdAt":{"gt":"yesterday"}}}),
     ("{tickets(first:\"x\"){totalCount}}", None),
     ("{tickets(filter:{createdAt:{gt:\"x\"}}){totalCount}}", None),
     ("{tickets{nodes{comments(first:101){totalCount}}}}", None),
     ("{tickets{nodes{assignmentHistory(first:-1){totalCount}}}}", None),
     ("{tickets{nodes{comments(after:\"x\"){totalCount}}}}", None),
     ("{technicians{nodes{queue(first:101){totalCount}}}}", None),
     ("{technicians{nodes{queue(after:\"x\"){totalCount}}}}", None),
     ("{myJobs{totalCount}}", None),
     ("{technicianQueue{totalCount}}", None),
     ("{nope}", None), ("{", None), ("mutation{nope}", None), ("subscription{jobUpdates{__typename}}", None),
    ]
    for q, v in cases:
        a = await stage.served.ask(b, q, v)
        print(q[:90], str(v)[:50], "\n    ->", json.dumps(a)[:330])
