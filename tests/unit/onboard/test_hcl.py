"""Terraform's language as it is written: every text comes back, in the form of `terraform fmt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hcl2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.onboard.hcl import Block, Comment, Encoded, Reference, document, quoted
from sesauditd.onboard.terraform_parts import label
from sesauditd.onboard.terraform_records import between_quotes
from tests.support.hcl import needs_terraform, parsed, plain, said, terraform

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {
    "empty": "",
    "interpolation": "a ${b} c",
    "directive": "%{ if true }x",
    "dollars": "$ $$ $${a} $$$${x}",
    "percents": "% 100%% %%{x} %%%{y}",
    "both": "$%{a} %${b}",
    "quotes": 'v=spf1" "include:x',
    "backslashes": r"\303\244 \\ \" \u0041 \n",
    "lines": "one\ntwo\r\n\tthree",
    "control": "\x01\x1b[31m\x7f\u2028",
    "letters": "Straße 例え.テスト 🙂",
    "braces": "{a} #{b} // /* */ # no comment",
    "trailing": "ends with $",
}
WHOLE = document(
    [
        Comment("About this file.\n\nA second paragraph."),
        {},
        Block(
            "resource",
            ("aws_thing", "a-b_example"),
            (
                {"name": "x", "longer_name": 3, "tags": {"a": "b", "long:key": "c"}, "off": False},
                Block("inner", (), ({"words": [], "one": ["x"], "two": ["x", "y"]},)),
                Block("empty"),
                {
                    "policy": Encoded(
                        {"Version": "1", "Statement": [{"Sid": "S", "Condition": {"a:b": {}}}]}
                    ),
                    "of": Reference("aws_other.thing.name"),
                    "nothing": None,
                },
            ),
        ),
        Comment("The end."),
    ]
)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_comes_back_from_the_parser(name: str) -> None:
    text = TEXTS[name]
    assert plain(hcl2.loads(f"a = {quoted(text)}\n")) == {"a": text}


@given(st.text(alphabet=st.sampled_from('ab${}%"\\\n u0'), max_size=12))
def test_no_text_is_a_template(text: str) -> None:
    literal = quoted(text)
    assert plain(literal) == text
    inner = literal[1:-1].replace("$${", " ").replace("%%{", " ")
    assert "${" not in inner
    assert "%{" not in inner


@needs_terraform
def test_terraform_reads_every_text_as_it_was(tmp_path: Path) -> None:
    # python-hcl2 does not read an escape whose brace is left open.
    texts = {f"of_{name}": text for name, text in {**TEXTS, "open": "$${ %%{ ${ %{"}.items()}
    blocks = [Block("output", (name,), ({"value": text},)) for name, text in texts.items()]
    assert said(tmp_path, document(blocks)) == texts


def test_a_file_is_parsed_to_what_was_written() -> None:
    found = parsed(WHOLE)
    assert found.resources == {
        "aws_thing.a-b_example": {
            "name": "x",
            "longer_name": 3,
            "tags": {"a": "b", "long:key": "c"},
            "off": False,
            "inner": [{"words": [], "one": ["x"], "two": ["x", "y"]}],
            "empty": [{}],
            "policy": {"Version": "1", "Statement": [{"Sid": "S", "Condition": {"a:b": {}}}]},
            "of": "${aws_other.thing.name}",
            "nothing": None,
        }
    }


@needs_terraform
def test_a_file_is_written_as_terraform_formats_it(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(WHOLE, encoding="utf-8")
    assert terraform(tmp_path, "fmt", "-check", "-diff") == ""


@pytest.mark.parametrize(
    ("domain", "name"),
    [("a-b.example", "a-b_example"), ("a.b.example", "a_b_example"), ("4you.org", "_4you_org")],
)
def test_names_are_those_that_terraform_takes(domain: str, name: str) -> None:
    assert label(domain) == name


@pytest.mark.parametrize(
    ("kind", "value", "bare"),
    [
        pytest.param("TXT", '"v=spf1 -all"', "v=spf1 -all", id="text"),
        pytest.param("TXT", '"a" "b"', 'a" "b', id="two-strings"),
        pytest.param("TXT", '""', "", id="empty"),
        pytest.param("TXT", '"', '"', id="lone-quote"),
        pytest.param("CNAME", '"a"', '"a"', id="no-text"),
    ],
)
def test_a_text_stands_without_its_outer_quotes(kind: str, value: str, bare: str) -> None:
    assert between_quotes(kind, value) == bare
