// Jobs whose history was damaged by somebody who switched the guards off are refused by the database, together with all others of the
// statement. What works on many jobs leaves them out: they stay as they are, for somebody to look at.
import { Prisma } from '../database/generated/client.ts'

/** As a condition on `jobs`: the history leads to where the job is, as the guards will ask. */
export const HISTORY_IS_INTACT = Prisma.sql`EXISTS (SELECT FROM job_states AS latest
  WHERE latest.job_id = jobs.id AND latest.sequence = jobs.version AND latest.new_state = jobs.state)`
