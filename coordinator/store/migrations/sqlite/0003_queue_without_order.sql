-- The queue is put in order in memory: here it is only paged by its sequence and searched by its deadlines.
DROP INDEX queue_order;
