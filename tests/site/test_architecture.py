from xml.etree import ElementTree as ET

from study.site.architecture import MAY_IMPORT, TOP, arrows, below, level, picture

LAYERS = {*MAY_IMPORT, TOP}


def reached(layer: str) -> set[str]:
    """Follow the arrows from a layer all the way down."""
    nearest = {under for above, under in arrows() if above == layer}
    return nearest.union(*map(reached, nearest))


def test_the_arrows_say_all_that_the_table_says_and_no_more() -> None:
    assert {layer: reached(layer) for layer in LAYERS} == {one: set(below(one)) for one in LAYERS}


def test_no_arrow_follows_from_two_others() -> None:
    drawn = list(arrows())
    roundabout = [
        (above, under)
        for above, under in drawn
        if any(under in reached(other) for above_, other in drawn if above_ == above)
    ]
    assert roundabout == []


def test_arrows_lead_down() -> None:
    assert [(a, b) for a, b in arrows() if level(a) <= level(b)] == []


def test_the_picture_holds_each_layer_in_letters_and_tells_it_in_words() -> None:
    svg = ET.fromstring(picture())  # noqa: S314 - made here
    texts = [node.text for node in svg.iter() if node.tag == "text"]
    assert sorted(str(text) for text in texts) == sorted(LAYERS)
    told = svg.find("desc")
    assert svg.attrib["role"] == "img"
    assert told is not None
    assert "site above drawings, record" in str(told.text)
