from study.record.arms import Addition, own_arms, quantities
from study.record.estimates import Estimate


def estimate(mean: float) -> Estimate:
    return Estimate(mean, 0.1, 9)


def test_what_was_added_to_each_field_is_named_with_its_siblings() -> None:
    gains, networks = {"one": 1.0, "two": 2.0}, {"deep": {"depth": 9}}
    plain = {"draws": 9, "gains": gains, "networks": networks}
    settings = {
        "draws": 2,
        "gains": {**gains, "half": 0.5},
        "networks": {**networks, "mine": {"depth": 3}},
    }
    assert own_arms(settings, plain) == [
        Addition(("half",), ("one", "two")),
        Addition(("mine",), ("deep",)),
    ]
    assert own_arms(plain, plain) == []


def test_an_arm_is_found_wherever_a_key_has_its_name() -> None:
    keys = ["loss.mine", "loss.one", "updates.mine_deep", "updates.one_deep", "updates.one_shallow"]
    keys += [
        "rate.at_five.wide_mine_late",
        "rate.at_five.wide_two_late",
        "loss.mines",
        "loss.one_mine",
    ]
    values = {key: estimate(at) for at, key in enumerate(keys)}
    rows = {row.name: row for row in quantities(values, [Addition(("mine",), ("one", "two"))])}
    assert list(rows) == ["loss", "updates.*_deep", "rate.at_five.wide_*_late", "loss.one_*"]
    assert rows["loss"].own == {"mine": values["loss.mine"]}
    assert rows["loss"].others == {"one": values["loss.one"]}
    assert rows["updates.*_deep"].others == {"one": values["updates.one_deep"]}
    assert rows["rate.at_five.wide_*_late"].others == {"two": values["rate.at_five.wide_two_late"]}
    assert rows["loss.one_*"].others == {}


def test_two_arms_of_one_field_share_a_row_and_those_of_two_fields_do_not() -> None:
    values = {key: estimate(1.0) for key in ("loss.a", "loss.b", "loss.deep", "loss.one")}
    one, two = quantities(values, [Addition(("a", "b"), ("one",)), Addition(("deep",), ("b",))])
    assert (list(one.own), list(one.others)) == (["a", "b"], ["one"])
    assert (list(two.own), list(two.others)) == (["deep"], ["b"])


def test_without_an_arm_there_is_no_row() -> None:
    values = {"loss.one": estimate(1.0)}
    assert list(quantities(values, [])) == list(quantities(values, [Addition(("x",), ())])) == []
