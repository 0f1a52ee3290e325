"""Tells what happened: traces, metrics and log lines, by OpenTelemetry.

Where nothing is set up to receive it, nothing is made and nothing is sent.
"""
