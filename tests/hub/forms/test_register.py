from pathlib import Path

import pytest

from raabta.hub.forms.register import LastingRegister
from raabta.model.register import Organisation
from raabta.model.subscription import Subscriber
from raabta.registry import Register, open_register
from raabta.registry.deletion import forget, remove_organisation
from raabta.registry.secrets import read_key, write_key
from tests.cases.subscribing import subscriber
from tests.registry.specimens import KEY, NOW, OTHER_KEY, ids, organisation


def opener(folder: Path) -> Register:
    url = f"sqlite:///{folder / 'register.sqlite'}"
    return open_register(url, key=read_key(folder / "register.key"), now=lambda: NOW, new_id=ids())


@pytest.fixture
def lasting(tmp_path: Path) -> LastingRegister:
    write_key(tmp_path / "register.key", KEY)
    return LastingRegister(lambda: opener(tmp_path), key_file=tmp_path / "register.key")


def test_a_server_goes_on_after_a_deletion_replaced_the_key(lasting: LastingRegister, tmp_path: Path) -> None:
    with lasting.change() as records:
        records.add(organisation())
        records.add(subscriber())
    with opener(tmp_path) as other:
        forget(
            other,
            lambda records: remove_organisation(records, "o-a"),
            new_key=OTHER_KEY,
            key_file=tmp_path / "register.key",
        )
    with lasting.look() as records:
        assert records.count(Organisation) == 0
        assert [one.address for one in records.find(Subscriber)] == ["someone@example.pk"]
    lasting.close()


def test_between_a_new_key_and_its_file_the_register_is_out_of_reach_not_wrong(
    lasting: LastingRegister, tmp_path: Path
) -> None:
    with lasting.change() as records:
        records.add(organisation())
    with opener(tmp_path) as other:
        forget(other, lambda records: remove_organisation(records, "o-a"), new_key=OTHER_KEY, key_file=None)
    with pytest.raises(OSError, match="sealed with another key"), lasting.change():
        pass
    write_key(tmp_path / "register.key", OTHER_KEY)
    with lasting.change() as records:
        assert records.count(Organisation) == 0
    lasting.close()
