public import ArgumentParser
public import ShareServers

extension StatusClass: ExpressibleByArgument {}
