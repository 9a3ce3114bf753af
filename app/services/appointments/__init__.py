"""Appointments: slots searched and held, times agreed, moved and called off. Knows nothing of GraphQL or HTTP."""
