"""A register in which threads were published: as many as wanted, or the examples."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from raabta.model.publication import Publication, PublicationPlace, PublicThread, PublicUpdate
from raabta.model.site import Site
from raabta.publish.moments import month_of
from raabta.registry import Records
from tests.cases.publication import example_site, example_threads


def publication(thread: PublicThread, site: Site) -> Publication:
    """A thread as it is kept."""
    return Publication(
        id=thread.id,
        kind=thread.kind,
        sequence=thread.sequence,
        month=month_of(thread.started_at, site),
        is_open=thread.is_open,
        component_ids=thread.component_ids,
        content=msgspec.json.encode(thread).decode(),
    )


def places(thread: PublicThread) -> Iterator[PublicationPlace]:
    """On which components' pages it stands."""
    for id_ in thread.component_ids:
        yield PublicationPlace(id=f"{id_}/{thread.id}", component_id=id_, thread_id=thread.id, sequence=thread.sequence)


def put_threads(records: Records, threads: Iterable[PublicThread], site: Site | None = None) -> None:
    """Publish threads, or publish them anew."""
    given = list(threads)
    for thread in given:
        withdraw(records, thread.id)
    records.add_all(publication(thread, site or example_site()) for thread in given)
    records.add_all(place for thread in given for place in places(thread))


def withdraw(records: Records, id_: str) -> None:
    """Take a thread away, as no command does."""
    records.remove(Publication, id_)
    records.remove_all(PublicationPlace, thread_id=id_)


def with_update(thread: PublicThread, *, sequence: int, at: dt.datetime, **fields: object) -> PublicThread:
    """A thread with one more update, a copy of its last one."""
    last = thread.updates[-1]
    update = msgspec.structs.replace(
        last, id=f"bu-more-{sequence}", number=last.number + 1, sequence=sequence, at=at, corrects_id=""
    )
    return msgspec.structs.replace(thread, updates=(*thread.updates, update), sequence=sequence, **fields)


def many_threads(n_threads: int, *, n_updates: int, first_at: dt.datetime) -> Iterator[PublicThread]:
    """Many incidents, three a day, in the words of the examples; the newest five are open."""
    models: Sequence[PublicThread] = [one for one in example_threads() if one.kind == "incident"]
    for number in range(n_threads):
        began_at = first_at + dt.timedelta(hours=8 * number)
        model = models[number % len(models)]
        updates = tuple(_update(model, number, place, n_updates, began_at) for place in range(n_updates))
        is_open = number >= n_threads - 5
        yield msgspec.structs.replace(
            model,
            id=f"in-{number:016}",
            started_at=began_at,
            ended_at=None if is_open else began_at + dt.timedelta(hours=6),
            next_update_at=began_at + dt.timedelta(hours=9) if is_open else None,
            state="monitoring" if is_open else "resolved",
            is_open=is_open,
            updates=updates,
            sequence=updates[-1].sequence,
        )


def _update(model: PublicThread, number: int, place: int, n_updates: int, began_at: dt.datetime) -> PublicUpdate:
    return msgspec.structs.replace(
        model.updates[place % len(model.updates)],
        id=f"bu-{number:012}-{place}",
        number=place + 1,
        sequence=number * n_updates + place + 1,
        at=began_at + dt.timedelta(hours=place),
        corrects_id="",
        corrected_by="",
    )
