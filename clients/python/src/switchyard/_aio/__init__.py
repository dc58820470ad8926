"""The client as coroutines. The package _sync is made of this one by tools/make_sync.py."""
