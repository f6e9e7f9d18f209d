import pytest

from raabta.pipeline.informing.settings import Publishing, Webhooks
from raabta.pipeline.informing.subscribing.addresses import mailbox_of, tidy_address
from tests.cases.subscribing import SETTINGS, SITE

DESK = Publishing(site=SITE, webhooks=Webhooks(allow_networks=("10.1.0.0/16", "127.0.0.0/8")))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Someone@Example.PK", "Someone@example.pk"),
        ("  a.b+c@mail.example.pk ", "a.b+c@mail.example.pk"),
        ("o'neil@example.pk", "o'neil@example.pk"),
        ("x@xn--mgbai9azgqp6j.example", "x@xn--mgbai9azgqp6j.example"),
    ],
)
def test_an_address_has_one_way_of_writing(given: str, kept: str) -> None:
    assert tidy_address(given, "email", settings=SETTINGS, by_desk=False) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nobody",
        "a@b",
        "a@localhost",
        "a@host.local",
        "a@b.example.pk\r\nBcc: x@example.pk",
        "a\n@example.pk",
        "a@example.pk\x00",
        "a@example.pk,b@example.pk",
        "a@example.pk; b@example.pk",
        "A <a@example.pk>",
        '"a b"@example.pk',
        '"a\\"@x"@example.pk',
        "a b@example.pk",
        "(comment)a@example.pk",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a@@example.pk",
        "@example.pk",
        ".a@example.pk",
        "a..b@example.pk",
        "a%b@example.pk",
        "host!a@example.pk",
        "|sh@example.pk",
        "`id`@example.pk",
        "а@example.pk",  # CYRILLIC SMALL LETTER A
        "a@еxample.pk",  # CYRILLIC SMALL LETTER IE
        "a@example.pk\u202e",
        "a\u200b@example.pk",
        "ａ@example.pk",  # FULLWIDTH
        "a@example。pk",
        "a" * 65 + "@example.pk",
        "a@" + "b." * 130 + "pk",
        "35202-1234567-1@example.pk",
    ],
)
def test_what_could_break_a_header_or_deceive_a_reader_is_no_address(given: str) -> None:
    with pytest.raises(ValueError, match=r"^address: ") as caught:
        tidy_address(given, "email", settings=SETTINGS, by_desk=True)
    assert not given or given not in str(caught.value).replace("name@example.pk", "")


def test_line_ends_around_an_address_are_taken_off() -> None:
    assert tidy_address("a@example.pk\r\n", "email", settings=SETTINGS, by_desk=False) == "a@example.pk"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://hooks.example.pk/raabta?x=1", "https://hooks.example.pk/raabta?x=1"),
        ("https://HOOKS.example.pk", "https://hooks.example.pk/"),
        ("https://hooks.example.pk:443/a", "https://hooks.example.pk/a"),
        ("https://hooks.example.pk:8443/a", "https://hooks.example.pk:8443/a"),
        ("https://1.1.1.1/a", "https://1.1.1.1/a"),
        ("https://hooks.example.pk/a b", "https://hooks.example.pk/a%20b"),
    ],
)
def test_a_public_web_address_may_be_called(given: str, kept: str) -> None:
    assert tidy_address(given, "webhook", settings=SETTINGS, by_desk=False) == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://hooks.example.pk/",
        "ftp://hooks.example.pk/",
        "file:///etc/passwd",
        "hooks.example.pk",
        "https://localhost/",
        "https://hooks.internal/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://10.1.2.3/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00:ec2::254]/",
        "https://100.100.100.200/",
        "https://0.0.0.0/",
        "https://user:secret@hooks.example.pk/",
        "https://hooks.example.pk@127.0.0.1/",
        "https://hooks.example.pk:22/",
        "https://hooks.example.pk:25/",
        "https://hooks.example.pk\\@127.0.0.1/",
        "https://hooks.example.pk/\r\nX: y",
        "https://hооks.example.pk/",  # CYRILLIC
        "https://hooks.example.pk/" + "a" * 1000,
        "https://hooks.example.pk/3520212345671",
    ],
)
def test_a_web_address_that_leads_inside_is_refused_from_a_form(given: str) -> None:
    with pytest.raises(ValueError, match=r"^address: ") as caught:
        tidy_address(given, "webhook", settings=DESK, by_desk=False)
    assert given not in str(caught.value).replace("https://hooks.example.pk/raabta", "")


def test_the_desk_may_name_an_address_of_its_own_networks_and_a_stranger_may_not() -> None:
    url = "http://10.1.2.3:9000/hook"
    assert tidy_address(url, "webhook", settings=DESK, by_desk=True) == url
    with pytest.raises(ValueError, match="https://"):
        tidy_address(url, "webhook", settings=DESK, by_desk=False)


@pytest.mark.parametrize(
    "given", ["http://10.2.0.1/", "https://169.254.169.254/", "http://a@10.1.2.3/", "http://10.1.2.3:x/", "//10.1.2.3/"]
)
def test_the_desk_too_is_refused_what_its_settings_do_not_allow(given: str) -> None:
    with pytest.raises(ValueError, match=r"^address: "):
        tidy_address(given, "webhook", settings=DESK, by_desk=True)


def test_a_chat_address_is_the_name_of_a_channel() -> None:
    assert tidy_address("ops", "chat", settings=SETTINGS, by_desk=True) == "ops"
    with pytest.raises(ValueError, match="Names are ops"):
        tidy_address("others", "chat", settings=SETTINGS, by_desk=True)


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Someone+news@example.pk", "someone@example.pk"),
        ("some.one@example.pk", "some.one@example.pk"),
        ("some.one+a@gmail.com", "someone@gmail.com"),
        ("+a@example.pk", "+a@example.pk"),
    ],
)
def test_variants_of_one_mailbox_are_one_mailbox(address: str, mailbox: str) -> None:
    assert mailbox_of(address, "email") == mailbox


def test_all_paths_of_a_host_are_one_receiver() -> None:
    assert mailbox_of("https://hooks.example.pk/a", "webhook") == mailbox_of("https://hooks.example.pk/b", "webhook")
