"""What is kept between requests: accounts, files, audits, drafts and workers."""
