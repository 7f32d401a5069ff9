"""Realistic S/MIME archives with known outcomes, made by independent tools only (see benches/README.md)."""

VERSION = 1
