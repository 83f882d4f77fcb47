// SPDX-License-Identifier: GPL-2.0
/* The map as a picture: a square for each cell. */
#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page_reporting.h"

#define COLUMNS		64	/* cells in a row */
#define SQUARE		8	/* pixels, one of them between two squares */

static void draw_squares(png_structp png, const struct map *map, size_t row,
		     unsigned char *line)
{
	memset(line, 255, COLUMNS * SQUARE * 3);
	for (size_t x = 0; x < COLUMNS * SQUARE; x++) {
		size_t i = row * COLUMNS + x / SQUARE;

		if (x % SQUARE < SQUARE - 1 && i < map->nr)
			memcpy(line + x * 3, cells[map_cell(map, i)].rgb, 3);
	}
	for (int y = 0; y < SQUARE - 1; y++)
		png_write_row(png, line);
	memset(line, 255, COLUMNS * SQUARE * 3);
	png_write_row(png, line);
}

static int draw(FILE *f, const struct map *map, unsigned char *line)
{
	size_t rows = (map->nr + COLUMNS - 1) / COLUMNS;
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
						  NULL, NULL);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (!info || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		return -1;
	}
	png_init_io(png, f);
	png_set_IHDR(png, info, COLUMNS * SQUARE, (png_uint_32)rows * SQUARE, 8,
		     PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (size_t row = 0; row < rows; row++)
		draw_squares(png, map, row, line);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	return 0;
}

/* Write it. A file that is not whole is removed, but never a device or pipe. */
int write_png(const struct map *map, const char *path)
{
	unsigned char *line = malloc(COLUMNS * SQUARE * 3);
	FILE *f = fopen(path, "we");
	struct stat st;
	int err = -1;

	if (f && line) {
		errno = 0;
		err = draw(f, map, line);
	}
	if (f && fclose(f))
		err = -1;
	if (err) {
		complain("cannot write %s: %s; choose another place with --png",
			 path, errno ? strerror(errno) : "libpng failed");
		if (f && !lstat(path, &st) && S_ISREG(st.st_mode))
			unlink(path);
	}
	free(line);
	return err ? EXIT_BAD : EXIT_GOOD;
}
