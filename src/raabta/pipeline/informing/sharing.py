"""A published bulletin as what people pass on: texts and pictures, made from what is public and nothing else."""

from raabta.model.bulletin import Bulletin
from raabta.model.publication import Publication, PublicThread, PublicUpdate, is_public
from raabta.model.site import Site
from raabta.publish.public import read_thread
from raabta.publish.share import share_picture, share_text
from raabta.registry import Records


def published_update(records: Records, bulletin_id: str) -> tuple[PublicThread, PublicUpdate]:
    """Find a bulletin among what is public.

    Args:
        records: The register, open for reading.
        bulletin_id: Its id.

    Raises:
        LookupError: There is no such bulletin.
        ValueError: It is not published, or only for members.
    """
    bulletin = records.get(Bulletin, bulletin_id)
    if bulletin is None:
        message = f"there is no bulletin {bulletin_id}. See: raabta bulletin list"
        raise LookupError(message)
    if not is_public(bulletin):
        why = f"is {bulletin.state}, so it cannot be passed on. Publish it: raabta bulletin publish"
        if bulletin.state == "published":
            why = (
                f"was told to {bulletin.audience} alone and is not for everybody, so it cannot be passed on. "
                "For everybody, write one with --audience public."
            )
        message = f"bulletin {bulletin_id} {why}"
        raise ValueError(message)
    publication = records.get(Publication, bulletin.thread_id)
    thread = read_thread(publication.content) if publication else None
    for update in thread.updates if thread else ():
        if thread is not None and update.id == bulletin_id:
            return thread, update
    message = f"bulletin {bulletin_id} is published, but stands in no public thread: {bulletin.thread_id} is damaged"
    raise LookupError(message)


def share_files(records: Records, bulletin_id: str, *, site: Site) -> dict[str, bytes]:
    """Make what people pass on of a bulletin.

    Args:
        records: The register, open for reading.
        bulletin_id: A published one.
        site: Of the settings.

    Returns:
        ``ID-en.txt``, ``ID-en.png`` and the same in the site's other languages.

    Raises:
        LookupError: There is no such bulletin.
        ValueError: It is not published, or only for members.
    """
    thread, update = published_update(records, bulletin_id)
    found: dict[str, bytes] = {}
    for language in site.languages:
        found[f"{bulletin_id}-{language}.txt"] = share_text(thread, update, site=site, language=language).encode()
        found[f"{bulletin_id}-{language}.png"] = share_picture(thread, update, site=site, language=language)
    return found
