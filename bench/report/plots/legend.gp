# One legend below all panels; a key would keep to the width of one.
rows = 1 + (n > 6) + (n > 8)
columns = (n + rows - 1) / rows
do for [i=1:n] {
	x = 0.51 + ((i-1) % columns - columns/2.0) * (n > 8 ? 0.3 : n > 6 ? 0.23 : 0.15)
	y = (18 + 26.0 * (rows - 1 - (i-1) / columns)) / height
	set label 200+i label[i] at screen x,y left offset 1.2,0 point ls i ps 1
}
