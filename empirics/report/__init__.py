"""What people look at: terminal tables, report.html, plots with their data."""
