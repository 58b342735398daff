import type { Clinic, User } from '../clinic/clinic.cts';
import type { Exchange } from '../exchange.cts';
import type { Step } from '../faults.cts';
import type { Settings } from '../options.cts';
import type { Reply } from '../reply.cts';
import type { Storage } from '../s3/storage.cts';

/** What a route's handler has to work with. */
export interface Call {
	readonly exchange: Exchange;
	/** The id in the path, where the route has one. */
	readonly id: string;
	readonly user: User;
	readonly clinic: Clinic;
	readonly storage: Storage;
	/** What the addresses of records start with. */
	readonly base: string;
	readonly settings: Settings;
}

export interface Route {
	method: string;
	/** With at most one group, the id, which matches digits only. */
	path: RegExp;
	step: Step;
	/** Whether the reply is not JSON, so that the request need not accept it. */
	notJson?: true;
	handle(call: Call): Reply | Promise<Reply>;
}
