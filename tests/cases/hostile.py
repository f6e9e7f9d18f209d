"""Words that break documents where one forgets to escape, clean or cut: in every field of a thread and a site."""

from msgspec import structs

from raabta.model.bulletin import BulletinText
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.model.site import Site

MARKUP = "<script>alert(1)</script> <b onclick='x'>&amp; \"quoted\" ]]> <!-- -- --> <?php ?> &#0; &nosuch; {{7*7}} %s"
CONTROLS = "a\x00b\x08c\x0bd\x1be\x7ff\x85g\u2028h\ufffei"
SURROGATES = "half \ud800 and \udfff"
TURNED = "\u202egnp.exe\u2066 never closed \u2069\u2069\u202c"
EMOJI = "👩‍💻👍🏽 🇵🇰 ☎️"
LONG_WORD = "W" * 3000
INJECTED = "x\r\nEND:VEVENT\r\nBEGIN:VALARM\nATTENDEE:mailto:a@example.org;x,y\\n"
FOLDED = "ا" * 200 + "😀" * 60

WORDS = (MARKUP, CONTROLS, SURROGATES, TURNED, EMOJI, LONG_WORD, INJECTED, FOLDED, " ".join((MARKUP, CONTROLS, EMOJI)))


def hostile(thread: PublicThread, words: str) -> PublicThread:
    """Give a thread with the same words in every text of it."""
    return structs.replace(
        thread,
        updates=tuple(_update(one, words) for one in thread.updates),
        statements=tuple(
            structs.replace(one, party_en=words, party_ur=words, text_en=words, text_ur=words, source=words)
            for one in thread.statements
        ),
        promises=tuple(
            structs.replace(one, party_en=words, party_ur=words, words_en=words, words_ur=words)
            for one in thread.promises
        ),
        links=tuple(structs.replace(one, title=words) for one in thread.links),
    )


def hostile_site(site: Site, words: str) -> Site:
    """Give a site with the same words in every name."""
    return structs.replace(
        site,
        name_en=words,
        name_ur=words,
        components=tuple(
            structs.replace(one, name_en=words, name_ur=words, group_en=words, group_ur=words)
            for one in site.components
        ),
        operators=tuple(structs.replace(one, name_en=words, name_ur=words) for one in site.operators),
        products=tuple(structs.replace(one, name=words) for one in site.products),
    )


def _update(update: PublicUpdate, words: str) -> PublicUpdate:
    return structs.replace(
        update,
        texts=tuple(
            BulletinText(
                language=text.language,
                title=words,
                known=words,
                not_known=words,
                stated=words,
                workaround=words,
                correction=words,
            )
            for text in update.texts
        ),
        meeting=tuple(structs.replace(one, place_en=words, place_ur=words) for one in update.meeting),
        advisory=tuple(
            structs.replace(one, affected=words, fixed=words, identifiers=(words,), score=words)
            for one in update.advisory
        ),
    )
