"""Tell: one record, one document, many renderings."""
