# Made by tools/make_sync.py: change _aio, and run it again.
"""The client that blocks."""
