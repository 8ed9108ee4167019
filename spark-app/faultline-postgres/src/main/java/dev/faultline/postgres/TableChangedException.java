package dev.faultline.postgres;

/** The target was altered while the query ran. Nothing is lost: a query that starts again checks the table anew, and goes on or says what no longer fits. */
public final class TableChangedException extends RuntimeException {
  TableChangedException(String message) {
    super(message);
  }
}
