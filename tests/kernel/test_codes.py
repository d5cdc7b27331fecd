"""Title codes: what is printed is read back, a slip of the pen is caught, a guess is not ours."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from piutempo.kernel.codes import ALPHABET, CODE_BITS, TitleCode, WrongCode, decode, encode, read_title_code, title_code

KEY = "a key for tests"
VOUCHERS = st.integers(0, 2**CODE_BITS - 1)
INDEXES = st.integers(1, 62)


@given(voucher=VOUCHERS, index=INDEXES)
def test_a_printed_code_reads_back(voucher, index):
    assert read_title_code(title_code(voucher, index, KEY), KEY) == TitleCode(voucher, index)


@given(
    voucher=VOUCHERS,
    index=INDEXES,
    style=st.sampled_from([str.lower, lambda t: t.replace("-", " "), lambda t: f" {t} "]),
)
def test_case_blanks_and_dashes_do_not_matter(voucher, index, style):
    assert read_title_code(style(title_code(voucher, index, KEY)), KEY) == TitleCode(voucher, index)


@given(voucher=VOUCHERS, index=INDEXES)
def test_look_alike_letters_are_read_as_digits(voucher, index):
    code = title_code(voucher, index, KEY)
    assert read_title_code(code.replace("0", "O").replace("1", "l"), KEY) == TitleCode(voucher, index)


@given(voucher=VOUCHERS, index=INDEXES, place=st.integers(0, 15), wrong=st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_caught(voucher, index, place, wrong):
    code = title_code(voucher, index, KEY).replace("-", "")
    assume(code[place] != wrong)
    with pytest.raises(WrongCode):
        read_title_code(code[:place] + wrong + code[place + 1 :], KEY)


@given(voucher=VOUCHERS, index=INDEXES, place=st.integers(0, 14))
def test_two_swapped_neighbours_are_caught(voucher, index, place):
    code = title_code(voucher, index, KEY).replace("-", "")
    assume(code[place] != code[place + 1])
    with pytest.raises(WrongCode):
        read_title_code(code[:place] + code[place + 1] + code[place] + code[place + 2 :], KEY)


@given(voucher=VOUCHERS, index=INDEXES)
def test_a_code_signed_with_another_key_is_not_ours(voucher, index):
    ours, theirs = title_code(voucher, index, KEY), title_code(voucher, index, "another key")
    assume(ours != theirs)  # 20 bits: one forged code in a million passes the signature, and then meets no voucher
    with pytest.raises(WrongCode):
        read_title_code(theirs, KEY)


@pytest.mark.parametrize(
    "text", ["", "-", "K7QM4T", "K7QM4T-9R0105-X38W4", "ÀÈÌÒÙ", "0" * 18, "1" * 500, "K7QM4T-9R0105-X38W4🙂"]
)
def test_anything_else_is_a_wrong_code(text):
    with pytest.raises(WrongCode):
        read_title_code(text, KEY)


@given(st.integers(0, 2**CODE_BITS - 1))
def test_base_32_reads_back(number):
    assert decode(encode(number, 10)) == number
