"""Figures for whoever watches a process: counted in plain numbers, spelled out for Prometheus when somebody looks."""
