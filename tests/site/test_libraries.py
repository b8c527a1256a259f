from bs4.element import Tag

from .conftest import Project


def rows(table: Tag) -> list[list[str]]:
    return [[cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in table("tr")]


def test_each_library_is_told_how_it_grants_a_wish(project: Project) -> None:
    page = project.build("```{initialiser-table}\nLeCun for SELU\nnothing\n```")
    assert page.warnings == ""
    assert rows(page.html)[1:4] == [
        [
            "LeCun for SELU, torch",
            'nn.init.kaiming_normal_(w, nonlinearity="linear")',
            "1/fan_in, normal",
        ],
        [
            "LeCun for SELU, Keras",
            "initializers.LecunNormal()",
            "1/fan_in, normal, cut off, corrected",
        ],
        [
            "LeCun for SELU, JAX",
            "jax.nn.initializers.lecun_normal()",
            "1/fan_in, normal, cut off, corrected",
        ],
    ]
    assert [row[0] for row in rows(page.html)[5:]] == [
        f"nothing, {library}" for library in ("torch", "Keras", "Flax")
    ]


def test_a_wish_that_none_grants_is_an_error(project: Project) -> None:
    page = project.build("```{initialiser-table}\nLeCun for tanh\n```")
    assert "wish LeCun for tanh: not one of He for ReLU; He for ReLU, uniform" in page.warnings


def test_the_fans_of_a_transposed_kernel_are_swapped_where_they_are(project: Project) -> None:
    page = project.build("```{fans-table} transposed depthwise\n```")
    assert page.warnings == ""
    judged = {(row[0], row[1]): tuple(row[2:]) for row in rows(page.html)[1:]}
    assert judged["torch nn.ConvTranspose2d", "(in, out, k, k)"] == (
        "out · k²: times out / in",
        "in · k²: times in / out",
    )
    assert judged["Keras layers.Conv2DTranspose", "(k, k, out, in)"] == (
        "k² · out: times out / in",
        "k² · in: times in / out",
    )
    assert judged["Flax nnx.ConvTranspose", "(k, k, in, out)"] == (
        "k² · in: right",
        "k² · out: right",
    )
    keras = judged["Keras layers.DepthwiseConv2D", "(k, k, channels, multiplier)"]
    assert keras == ("k² · channels: times channels", "k² · multiplier: right")


def test_a_cut_that_is_corrected_twice_costs_what_a_cut_left_alone_does(project: Project) -> None:
    page = project.build("```{truncation-table}\n```\n\n```{correction-table}\n```")
    assert page.warnings == ""
    cuts, costs = map(rows, page.html("table"))
    assert cuts[1] == ["nn.init.trunc_normal_(w, std=σ)", "2", "0.0500", "0.8796"]
    assert cuts[2] == ["initializers.TruncatedNormal(stddev=σ)", "2 σ", "0.0440", "0.8796"]
    moments = {row[0]: float(row[2]) for row in costs[1:]}
    assert moments["corrected not at all"] == 0.7737  # the variance of a Gaussian cut at two
    assert abs(moments["corrected twice"] * moments["corrected not at all"] - 1) < 1e-4
