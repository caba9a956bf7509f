"""JSON is read and written without loss, and text that is not JSON is refused."""

import pytest

from loans.reading import DEPTH, Unreadable, parse, write


@pytest.mark.parametrize(
    "text",
    [
        '{"b":9007199254740993,"1":1.10,"__proto__":[1e400,-0,-0.0],"c":"\\"\\\\\\n\\u0001é😀"}',
        '[null,true,false,"",{},[]]',
        "1" * 5000,
    ],
)
def test_every_character_stays(text):
    assert write(parse(text)) == text


def test_white_space_goes():
    assert write(parse(' { "a" : [ 1 , 2 ] }\r\n')) == '{"a":[1,2]}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-json"),
        ("01", "not-json"),
        ("-Infinity", "not-json"),
        ('"\\ud800"', "not-json"),
        ('"a\tb"', "not-json"),
        ('{"a":1,"\\u0061":2}', "duplicate-member"),
        ("[" * (DEPTH + 1) + "]" * (DEPTH + 1), "too-deep"),
        ("[" * 100_000, "too-deep"),
    ],
)
def test_what_is_refused(text, code):
    with pytest.raises(Unreadable) as refused:
        parse(text)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ['"' + "[" * 1000 + '"', '"\\"' + "[" * 1000 + '"', "[" * DEPTH + "]" * DEPTH])
def test_only_brackets_outside_of_strings_nest(text):
    assert write(parse(text)) == text
