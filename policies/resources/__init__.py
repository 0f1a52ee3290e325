"""The Azure resources of a stage: which there are, how their ids are written, which go together."""
