"""Who can use the system: barriers in what people are shown."""
