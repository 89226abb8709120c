module zips

go 1.24
