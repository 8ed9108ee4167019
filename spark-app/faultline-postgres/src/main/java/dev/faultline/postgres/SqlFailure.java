package dev.faultline.postgres;

import java.sql.BatchUpdateException;
import java.sql.SQLException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a SQLSTATE means for a chunk. https://www.postgresql.org/docs/18/errcodes-appendix.html */
enum SqlFailure {
  /** A unique key has a row already: find out which records are duplicates. */
  DUPLICATE,
  /** PostgreSQL cannot store one row: find that row and make it a dead letter. */
  ROW,
  /** Another session holds the offsets row for too long. */
  LOCKED,
  /** The server, the connection or a conflict with another session: a retry may work. */
  TRANSIENT,
  /** The table is not what it was when the query started: the query must start again. */
  CHANGED,
  /** A retry does not help: a table has changed or a permission is missing. */
  FATAL;

  /** A trigger's RAISE. */
  static final String RAISED = "P0001";
  /** What TableShape.CHECK fails with: the text of its shape is no number. */
  static final String CHANGED_STATE = "22P02";

  /** @param written names of the columns that we write */
  static SqlFailure of(SQLException e, java.util.List<String> written) {
    String state = e.getSQLState();
    if (state == null || state.length() != 5) {
      return TRANSIENT;
    }
    return switch (state) {
      case "23505" -> DUPLICATE;
      case "55P03" -> LOCKED;
      // our own binary form no longer fits the column, so every row would fail: a changed table, not bad data
      case "22P03", "22P04" -> FATAL;
      case "23502" -> written.contains(column(e)) ? ROW : FATAL;
      case RAISED -> ROW;
      case CHANGED_STATE -> String.valueOf(e.getMessage()).contains(TableShape.MARK) ? CHANGED : ROW;
      // ON CONFLICT finds no unique index for the identity any more
      case "42P10" -> CHANGED;
      // standby after a failover; cancelled by someone
      case "25006", "25P03", "25P04", "57014", "28000", "28P01", "3D000" -> TRANSIENT;
      default -> switch (state.substring(0, 2)) {
        case "22", "23", "54" -> ROW;
        case "08", "40", "53", "57", "58", "XX" -> TRANSIENT;
        default -> FATAL;
      };
    };
  }

  /** The server's own words for a dead letter's reason. */
  static String reason(SQLException e) {
    if (e instanceof BatchUpdateException && e.getNextException() != null) {
      // its own message quotes the whole statement, values included
      return reason(e.getNextException());
    }
    if (e instanceof PSQLException known && known.getServerErrorMessage() != null) {
      ServerErrorMessage server = known.getServerErrorMessage();
      return "PostgreSQL " + server.getSQLState() + ": " + server.getMessage();
    }
    return "PostgreSQL: " + e.getMessage();
  }

  private static String column(SQLException e) {
    return e instanceof PSQLException known && known.getServerErrorMessage() != null
        ? known.getServerErrorMessage().getColumn() : null;
  }
}
