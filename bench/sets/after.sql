DROP FUNCTION rows(bigint), words(bigint, bigint);
VACUUM (FREEZE, ANALYZE);
