-- What posting lists say of terms that many statements have, as roaring bitmaps: one for each piece
-- of the sequence. Bit n stands for the statement n places behind the piece's first. Where a term
-- has none, its posting list tells.
CREATE TABLE posting_bitmap (
  piece INTEGER NOT NULL,
  term INTEGER NOT NULL,
  bits BLOB NOT NULL,
  UNIQUE (term, piece)
) STRICT;
CREATE INDEX posting_bitmap_piece ON posting_bitmap (piece);

-- The seq up to which there are bitmaps.
CREATE TABLE posting_bitmaps_made (through INTEGER NOT NULL) STRICT;
INSERT INTO posting_bitmaps_made VALUES (-1);
