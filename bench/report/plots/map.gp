# The guest's physical memory over time above what the host holds of it. Data: a
# matrix of states, a column each dx seconds and a row each dy GiB; then seconds, MiB.
array states[4] = ["used", "free, young", "free, waiting", "reported"]
# One hue from light to dark: in grey, too, darker is nearer to the host.
array shade[4] = ["#ffffcc", "#a1dab4", "#41b6c4", "#225ea8"]
set multiplot title title
unset key
unset colorbox
unset xlabel
set lmargin at screen 0.115
set rmargin at screen 0.97
set xrange [0:xmax]
set format x ""
set tmargin at screen 0.86
set bmargin at screen 0.40
set yrange [0:gib]
set ytics gibstep
set label 98 "physical address (GiB)" at screen 0.02,0.63 center rotate by 90
set palette defined (-1 "#ffffff", 0 shade[1], 1 shade[2], 2 shade[3], 3 shade[4]) maxcolors 5
set cbrange [-1.5:3.5]
unset grid
do for [s=1:4] {
	x = 0.12 + 0.21 * (s-1)
	set object s rectangle from screen x,0.025 to screen x+0.03,0.055 fs solid border lc rgb "#444444" fc rgb shade[s]
	set label 100+s states[s] at screen x+0.04,0.04 left
}
do for [i=1:nmoments] {
	set arrow i from first at[i], graph 0 to first at[i], graph 1 nohead front dt (4,4) lw 1.5 lc rgb "#000000"
	set label i moment[i] at first at[i], graph (moment[i] eq "freed" ? 1.03 : 1.085) left font ",12" tc rgb "#444444"
}
plot data index 0 matrix using (($1+0.5)*dx):(($2+0.5)*dy):3 with image
unset label
unset object
set format x "%g"
set xlabel "seconds"
set tmargin at screen 0.36
set bmargin at screen 0.17
set grid back lc rgb "#dddddd" lt 1 lw 1
set yrange [0:ymax*1.08]
set ytics step
set label 98 "host (MiB)" at screen 0.02,0.265 center rotate by 90
plot data index 1 using 1:2 with lines lc rgb "#000000" lw 1.5
unset multiplot
unset arrow
unset label
