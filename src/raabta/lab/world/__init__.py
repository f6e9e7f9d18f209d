"""The country: its plan, its namespaces, its tables.

Read ``country`` (who has which address; pure) → ``namespaces`` (entering one) → ``build`` (making, removing them all)
→ ``tables`` (what the stages are told about addresses and pages in there).
"""

from raabta.lab.world.country import Country, NetworkPlan, TargetPlan, plan_country

__all__ = ["Country", "NetworkPlan", "TargetPlan", "plan_country"]
