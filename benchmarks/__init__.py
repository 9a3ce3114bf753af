"""Measurements that print ratios: run one by itself, as `python -m benchmarks.NAME`; no test depends on them."""
