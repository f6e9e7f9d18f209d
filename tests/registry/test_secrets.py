import stat
from pathlib import Path

import pytest

from raabta.registry.secrets import Sealer, read_key, write_key
from tests.registry.specimens import IDENTITY_NUMBER, KEY, OTHER_KEY


def test_the_same_paper_has_the_same_hash_however_it_is_written() -> None:
    hashes = {KEY.identity_hash("cnic", text) for text in (IDENTITY_NUMBER, "3520212345671", " 35202 1234567 1\n")}
    assert len(hashes) == 1
    assert hashes == {OTHER_KEY.identity_hash("cnic", IDENTITY_NUMBER)}, "a new seal must not change it"


def test_another_paper_or_kind_has_another_hash() -> None:
    assert len({KEY.identity_hash(*paper) for paper in (("cnic", "12345"), ("cnic", "12346"), ("nicop", "12345"))}) == 3


@pytest.mark.parametrize("number", ["-- --", "", "4-1-7-6"])
def test_a_number_that_is_too_short_is_refused_without_being_repeated(number: str) -> None:
    with pytest.raises(ValueError, match="fewer than 5 letters and digits") as caught:
        KEY.identity_hash("cnic", number)
    assert not number or number not in str(caught.value)


def test_what_was_sealed_opens_in_its_place_only() -> None:
    sealed = Sealer(KEY).seal("Zainab", "people.name.p-a")
    assert Sealer(KEY).open(sealed, "people.name.p-a") == "Zainab"
    for sealer, place in ((Sealer(KEY), "people.name.p-b"), (Sealer(OTHER_KEY), "people.name.p-a")):
        with pytest.raises(ValueError, match="cannot be opened"):
            sealer.open(sealed, place)


@pytest.mark.parametrize("broken", ["", "s1.", "s1.AAAA", "s1.!!", "no seal at all"])
def test_a_broken_seal_is_told_and_not_opened(broken: str) -> None:
    with pytest.raises(ValueError, match="cannot be opened"):
        Sealer(KEY).open(broken, "people.name.p-a")


def test_the_same_text_is_sealed_differently_in_another_place() -> None:
    sealer = Sealer(KEY)
    assert sealer.seal("x", "people.name.p-a")[:19] != sealer.seal("x", "people.name.p-b")[:19]


def test_a_key_file_is_its_owners_alone_and_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "register.key"
    write_key(file, KEY)
    assert read_key(file) == KEY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_key_that_is_there_is_not_overwritten_by_a_first_use(tmp_path: Path) -> None:
    file = tmp_path / "register.key"
    write_key(file, KEY)
    with pytest.raises(FileExistsError):
        write_key(file, OTHER_KEY, only_new=True)
    assert read_key(file) == KEY
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "text", ["", "raabta register key 1\n", f"raabta register key 1\nseal {'ab' * 31}\nidentity {'cd' * 32}\n", "é"]
)
def test_another_file_is_no_key_and_is_not_repeated(tmp_path: Path, text: str) -> None:
    file = tmp_path / "register.key"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no key of a register") as caught:
        read_key(file)
    assert "abab" not in str(caught.value)
