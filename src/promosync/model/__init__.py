"""The types that all rooms use: coupon, promotion code, ownership, configuration, problems."""
