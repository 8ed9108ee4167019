/** A process that can't be mistaken for another one: the kernel reuses pids, so a pid alone names nothing. */
export type ProcessIdentity = {
  pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process. */
  start_ticks: number;
  /** /proc/sys/kernel/random/boot_id */
  boot_id: string;
};
