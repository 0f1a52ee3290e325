"""Something happened: parse, check, start or signal an orchestration, answer."""
