import pytest

from app.domain.files import FileLimits, announced, clean_name, digest, extension_of
from app.domain.refusals import FileRejected, Invalid

LIMITS = FileLimits(max_bytes=50 * 1024 * 1024, extensions=("pdf", "txt", "gz"))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\win.txt", "win.txt"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("/etc/cron.d/x.txt", "x.txt"),
        ("a\x00b\x1f\r\n.txt", "ab.txt"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("com1.log.txt", "_com1.log.txt"),
        (" . hidden.txt. ", "hidden.txt"),
        ('a"b<c>d|e?f*g:h.txt', "a_b_c_d_e_f_g_h.txt"),
        ("日本語.pdf", "日本語.pdf"),
    ],
)
def test_a_name_is_kept_as_every_system_can_keep_it(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@pytest.mark.parametrize(
    "sent", ["", "..", "../..", "/", "\u202e", "\x00", " . ", "x" * 197 + ".txt", "é" * 120 + "x.txt"]
)
def test_a_name_of_which_nothing_useful_is_left_is_refused(sent: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_name(sent)

    assert refused.value.field == ("fileName",)


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.tar.gz", "gz"), ("A.PDF", "pdf"), (".gz", ""), ("none", ""), ("a.", ""), ("a.p\u0430df", "p\u0430df")],
)
def test_the_extension_is_what_stands_behind_the_last_dot(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize("name", ["run.exe", "page.svg", "a.pdf.exe", "pdf", "invoice\u202efdp.exe", "a.p\u0430df"])
def test_other_extensions_are_refused_with_those_that_are_taken(name: str) -> None:
    with pytest.raises(FileRejected) as refused:
        announced(name, 1, LIMITS)

    assert refused.value.field == ("fileName",)
    assert refused.value.allowed_extensions == LIMITS.extensions


def test_a_file_has_a_byte_at_least_and_not_more_than_the_limit() -> None:
    assert announced("a.txt", LIMITS.max_bytes, LIMITS) == "a.txt"
    with pytest.raises(FileRejected) as refused:
        announced("a.txt", LIMITS.max_bytes + 1, LIMITS)
    assert (refused.value.field, refused.value.max_bytes) == (("sizeBytes",), 52_428_800)
    with pytest.raises(Invalid):
        announced("a.txt", 0, LIMITS)


@pytest.mark.parametrize("wrong", ["", "ab", "g" * 64, "a" * 63, "a" * 65, "\u0660" * 64])
def test_a_digest_has_64_hexadecimal_digits(wrong: str) -> None:
    assert digest(" " + "AB" * 32) == "ab" * 32
    with pytest.raises(Invalid):
        digest(wrong)
