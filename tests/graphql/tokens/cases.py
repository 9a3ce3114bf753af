"""Every way in which a token or key can be right or wrong, one line each: its name, what is sent, what comes of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from secrets import randbits
from uuid import UUID

from joserfc.jwk import ECKey

from app.domain.api_key_texts import mint
from tests.auth.minting import part, signed
from tests.graphql.tokens.provider import (
    AUDIENCE,
    FIRST,
    LET_IN,
    REFUSED,
    RSA,
    SECOND,
    STRANGER,
    Gates,
    Ways,
    secret_of,
)
from tests.serving import SECRET

NOBODY = "01890000-0000-7000-8000-00000000dead"
Send = Callable[[Gates], str | None]


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent as the header Authorization, and what every way in says to that."""

    name: str
    send: Send
    expected: Ways


def good(name: str, token: Callable[[Gates], str]) -> Case:
    """Return the case of a token that is let in."""
    return Case(name, lambda gates: f"Bearer {token(gates)}", LET_IN)


def bad(name: str, token: Callable[[Gates], str]) -> Case:
    """Return the case of a token that is refused."""
    return Case(name, lambda gates: f"Bearer {token(gates)}", REFUSED)


def public_text(key: ECKey) -> str:
    """Return a published key as the text that a mixed-up verifier would take for a secret."""
    return json.dumps(key.as_dict(private=False))


def tampered(gates: Gates) -> str:
    """Return an END_USER's token with the ADMIN's payload."""
    head, _, signature = gates.token(name="customer").split(".")
    return f"{head}.{gates.token(name='admin').split('.')[1]}.{signature}"


def headed(gates: Gates, **header: object) -> str:
    """Return a token with a header that no library would write, and the signature of a good one."""
    _, payload, signature = gates.token().split(".")
    return f"{part({'alg': 'ES256', 'kid': 'first', **header})}.{payload}.{signature}"


def elsewhere(gates: Gates) -> str:
    """Return a good key's secret under the name of another organisation, with a checksum that is right."""
    key = gates.keys["good"]
    other = mint(UUID(NOBODY), random=lambda _bits: 0).text
    return f"{key[:14]}{other[14:36]}{key[36:]}"


CASES = (
    # Nothing that is a token.
    Case("no header", lambda _: None, REFUSED),
    Case("an empty header", lambda _: "", REFUSED),
    Case("a scheme without a token", lambda _: "Bearer", REFUSED),
    Case("a good token without a scheme", lambda gates: gates.token(), REFUSED),
    Case("a good token by another scheme", lambda gates: f"Basic {gates.token()}", REFUSED),
    Case("a scheme in capitals", lambda gates: f"BEARER {gates.token()}", LET_IN),
    bad("garbage", lambda _: "no.token.at-all"),
    bad("two parts", lambda gates: gates.token().rpartition(".")[0]),
    bad("five parts, as encrypted ones have", lambda gates: f"{gates.token()}.x.y"),
    bad("longer than anything that is looked at", lambda gates: gates.token(much="x" * 9000)),
    # Algorithms: none, others, and mixed up.
    bad("none, unsigned", lambda gates: f"{part({'alg': 'none'})}.{gates.token().split('.')[1]}."),
    bad("none in other letters", lambda gates: headed(gates, alg="nOnE")),
    bad("no algorithm", lambda gates: headed(gates, alg=None)),
    bad("HS256 with the published key as the secret", lambda gates: gates.token(secret_of(public_text(FIRST)))),
    bad("HS256 with the server's own secret", lambda gates: signed(gates.claims(), secret=SECRET)),
    bad("a published key of a kind that is not allowed", lambda gates: gates.token(RSA)),
    bad("an allowed algorithm in the name of a key of another kind", lambda gates: gates.token(FIRST, kid="rsa")),
    bad("another curve", lambda gates: gates.token(ECKey.generate_key("P-384", {"kid": "first"}), alg="ES384")),
    bad("something critical that nobody understands", lambda gates: headed(gates, crit=["b64"], b64=False)),
    # Which key.
    good("a key that is named", lambda gates: gates.token()),
    good("another key that is published", lambda gates: gates.token(SECOND)),
    good("no key is named, and a published one has signed", lambda gates: gates.token(kid=None)),
    bad("a key that nobody publishes", lambda gates: gates.token(kid="made up")),
    bad("another published key than the one that has signed", lambda gates: gates.token(kid="second")),
    bad("a key's name that is no text", lambda gates: headed(gates, kid=7)),
    bad("a stranger's key under a name that is ours", lambda gates: gates.token(STRANGER)),
    bad("a stranger's key without a name", lambda gates: gates.token(STRANGER, kid=None)),
    bad("a stranger's key that the token brings along", lambda gates: headed(gates, jwk=STRANGER.as_dict())),
    bad("an address of keys that the token brings along", lambda gates: headed(gates, jku=gates.provider.url)),
    # Whether it was signed so.
    bad("somebody else's payload", tampered),
    bad("no signature", lambda gates: gates.token().rpartition(".")[0] + "."),
    bad("the signature of another token", lambda gates: gates.token()[:-86] + gates.token(SECOND)[-86:]),
    # For whom it was made, and by whom.
    good("among several audiences", lambda gates: gates.token(aud=["others", AUDIENCE])),
    bad("another audience", lambda gates: gates.token(aud="others")),
    bad("several other audiences", lambda gates: gates.token(aud=["others", "more"])),
    bad("no audience", lambda gates: gates.token(aud=None)),
    bad("an audience that is no text", lambda gates: gates.token(aud={"name": AUDIENCE})),
    bad("another issuer", lambda gates: gates.token(iss="https://elsewhere.example")),
    bad("no issuer", lambda gates: gates.token(iss=None)),
    # Its time.
    good("it ends in a minute", lambda gates: gates.token(exp=gates.seconds(60))),
    bad("it has just ended", lambda gates: gates.token(exp=gates.seconds(0))),
    bad("it ended an hour ago", lambda gates: gates.token(exp=gates.seconds(-3600))),
    bad("it has no end", lambda gates: gates.token(exp=None)),
    bad("its end is a text", lambda gates: gates.token(exp="tomorrow")),
    good("it began a minute ago", lambda gates: gates.token(nbf=gates.seconds(-60))),
    good("it begins in three seconds, as clocks differ", lambda gates: gates.token(nbf=gates.seconds(3))),
    bad("it begins in a minute", lambda gates: gates.token(nbf=gates.seconds(60))),
    bad("its beginning is a text", lambda gates: gates.token(nbf="yesterday")),
    # Whom it names.
    bad("a user whom nobody knows", lambda gates: gates.token(sub=NOBODY)),
    bad("an organisation that nobody knows", lambda gates: gates.token(org=NOBODY)),
    bad("a user of another organisation", lambda gates: gates.token(sub=gates.keys["stranger"])),
    bad("no user", lambda gates: gates.token(sub=None)),
    bad("no organisation", lambda gates: gates.token(org=None)),
    bad("a user who is no key", lambda gates: gates.token(sub="dispatcher")),
    bad("a user who has left", lambda gates: gates.token(name="lead")),
    good("roles that narrow to what the user has", lambda gates: gates.token(roles=["DISPATCHER", "ADMIN"])),
    bad("roles of which the user has none", lambda gates: gates.token(roles=["ADMIN"])),
    bad("roles that nobody knows", lambda gates: gates.token(roles=["ROOT"])),
    # Sessions that were ended.
    bad("issued before they were ended", lambda gates: gates.token(name="manager", iat=gates.ended(-9))),
    bad("it does not say when it was issued", lambda gates: gates.token(name="manager", iat=None)),
    good("issued after they were ended", lambda gates: gates.token(name="manager", iat=gates.ended(1))),
    # API keys.
    good("a key", lambda gates: gates.keys["good"]),
    bad("a key that was revoked", lambda gates: gates.keys["revoked"]),
    bad("a key that has ended", lambda gates: gates.keys["ended"]),
    bad("a key of a user who has left", lambda gates: gates.keys["of who left"]),
    bad("a key that was mistyped", lambda gates: gates.keys["good"][:-7] + "x" + gates.keys["good"][-6:]),
    bad("a key that was made up", lambda gates: mint(gates.world.organization_id, random=randbits).text),
    bad("a key in another organisation's name", elsewhere),
    bad("what a key begins with", lambda gates: gates.keys["good"][:13]),
)
