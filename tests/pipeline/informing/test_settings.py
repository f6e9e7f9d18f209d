"""What publishing.toml may not say, since every message made of it would fail."""

from pathlib import Path

import pytest

from raabta.pipeline.informing.settings import Publishing, read_publishing

SITE = {
    "name_en": "Desk",
    "name_ur": "\u0631\u0627\u0628\u0637\u06c1 \u200cdesk",
    "url": "https://status.example.pk",
    "desk_url": "https://desk.example.pk",
    "contact": "desk@example.pk",
    "country": "PK",
    "zone": "Asia/Karachi",
}
MAIL = {"host": "mail.example.pk", "sender": "desk@example.pk", "bounces": ""}


def table(name: str, fields: dict[str, str]) -> str:
    lines = (
        f"{key} = " + '"' + "".join(f"\\u{ord(sign):04x}" if not sign.isprintable() else sign for sign in value) + '"'
        for key, value in fields.items()
    )
    return "\n".join([name, *lines, ""])


def read(
    folder: Path, *, site: dict[str, str] | None = None, mail: dict[str, str] | None = None, more: str = ""
) -> Publishing:
    file = folder / "publishing.toml"
    file.write_text(table("[site]", SITE | (site or {})) + table("[mail]", MAIL | (mail or {})) + more)
    return read_publishing(file)


def test_what_is_right_is_read(tmp_path: Path) -> None:
    assert read(tmp_path).site.name_ur == SITE["name_ur"]


@pytest.mark.parametrize("field", ["url", "desk_url"])
def test_a_name_in_another_script_is_refused_with_the_one_to_write(tmp_path: Path, field: str) -> None:
    with pytest.raises(ValueError, match=rf"site\.{field}: .* Write https://xn--\S+\.pk:8443/%D8%A7") as refused:
        read(tmp_path, site={field: "https://\u0631\u0627\u0628\u0637\u06c1.pk:8443/\u0627"})
    assert "publishing.toml" in str(refused.value)


def test_a_mirror_is_looked_at_as_well_and_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mirrors\.second\.url: "):
        read(tmp_path, more='[[mirrors]]\nname = "second"\ntarget = "/srv"\nurl = "https://\u0631\u0627.pk"\n')


@pytest.mark.parametrize(
    "sender", ["desk@example.pk\r\nBcc: x@example.pk", "d\u00e9sk@example.pk", "Desk <d@e.pk>", "desk", ""]
)
def test_a_sender_that_no_header_can_hold_is_refused(tmp_path: Path, sender: str) -> None:
    with pytest.raises(ValueError, match=r"mail\.sender: .*name@example\.pk"):
        read(tmp_path, mail={"sender": sender})


def test_other_addresses_and_names_are_refused_likewise(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mail\.bounces: "):
        read(tmp_path, mail={"bounces": "b\n@example.pk"})
    with pytest.raises(ValueError, match=r"site\.contact: "):
        read(tmp_path, site={"contact": "https://example.pk/contact"})
    with pytest.raises(ValueError, match=r"duty\.asma\.email: "):
        read(tmp_path, more='[[duty]]\nname = "asma"\nemail = "asma"\n')
    with pytest.raises(ValueError, match=r"site\.name_en: .*one line"):
        read(tmp_path, site={"name_en": "Desk\nBcc: x@example.pk"})
