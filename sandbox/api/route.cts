import type { Clinic, User } from '../clinic/clinic.cts';
import type { Exchange } from '../exchange.cts';
import type { Step } from '../faults.cts';
import type { Settings } from '../options.cts';
import type { Reply } from '../reply.cts';
import type { Storage } from '../s3/storage.cts';

/** The context of a route's handler. */
export interface Call {
	readonly exchange: Exchange;
	/** The id in the path, if the route has one. */
	readonly id: string;
	readonly user: User;
	readonly clinic: Clinic;
	readonly storage: Storage;
	/** Prefix of the URLs of records. */
	readonly base: string;
	readonly settings: Settings;
}

export interface Route {
	method: string;
	/** Has at most one group, the id, which consists of digits. */
	path: RegExp;
	step: Step;
	/** Whether the reply is not JSON, so that the request need not accept JSON. */
	notJson?: true;
	handle(call: Call): Reply | Promise<Reply>;
}
