"""The ledger of a gradient: how a `.grad` grew, drawn and in words."""
