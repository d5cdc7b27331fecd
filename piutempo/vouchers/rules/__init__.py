"""
Decisions about vouchers: when a title may be spent, handed over, extended. Pure: plain values in, a reason or None
out.
"""
