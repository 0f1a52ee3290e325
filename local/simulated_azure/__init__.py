"""A simulated Azure Resource Manager that behaves like the recorded one. It knows Azure, not the product.

In a process of its own: `python -m local.simulated_azure --help`. In-process: `SimulatedAzure(Settings(...))`. What it
covers, which faults it can produce and where it differs from the real service stands in `docs/simulated-azure.md`.
"""

from local.simulated_azure.faults import Fault
from local.simulated_azure.pace import Pace
from local.simulated_azure.simulation import Settings, SimulatedAzure

__all__ = ["Fault", "Pace", "Settings", "SimulatedAzure"]
