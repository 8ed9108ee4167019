package dev.faultline.postgres;

/**
 * The database does not know this writer's claim any more: it has failed over to a server that lacks it, or it was restored. Nothing is lost.
 * The driver must claim the table again; a retry of the task does not help before that.
 */
public final class LostClaimException extends RuntimeException {
  public LostClaimException(String message) {
    super(message);
  }
}
