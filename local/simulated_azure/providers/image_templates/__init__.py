"""Image templates and their runs, as Azure VM Image Builder does them (Microsoft.VirtualMachineImages, 2025-10-01).

`routes` answers; `known_properties` and `submission` refuse at once; `verification` and `sources` look at what the
template names, as the service does while it creates the template; `runs` and `outputs` build; `staging` and `build_log`
keep the traces.
"""
